// `nws completion <shell>`: a script that completes commands and options, made from the commands themselves. It does not
// complete names of channels: they are secrets.
import { Argument, Command } from 'commander'
import { write } from './output.ts'

/** The command. @param root gives the program, which does not exist yet when this is made */
export function completionCommand(root: () => Command): Command {
  return new Command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(scripts)))
    .addHelpText(
      'after',
      '\nbash: eval "$(nws completion bash)"   zsh: eval "$(nws completion zsh)"   fish: nws completion fish | source'
    )
    .action(async (shell: keyof typeof scripts) => {
      await write(scripts[shell](wordsOf(root())))
    })
}

/** The words that may follow a command. */
interface Words {
  /** The words of the command, such as `file send`; empty for `nws` itself. */
  readonly path: string
  readonly words: readonly { readonly word: string; readonly description: string }[]
  /** The options that take a value, each with the values that it can have; without any: a file or anything else. */
  readonly values: ReadonlyMap<string, readonly string[]>
}

function wordsOf(command: Command, path = ''): Words[] {
  const children = command.commands.filter(child => child.name() !== 'help')
  const options = command.options.filter(({ long }) => (long ?? '') !== '')
  const words = [
    ...children.map(child => ({ word: child.name(), description: child.description() })),
    ...command.registeredArguments.flatMap(({ argChoices = [], description }) =>
      argChoices.map(word => ({ word, description }))
    ),
    ...options.map(({ long, description }) => ({ word: long!, description })),
    { word: '--help', description: 'display help' }
  ]
  const values = new Map(
    options
      .filter(({ required, optional }) => required || optional)
      .map(({ long, flags, argChoices }) => [long!, argChoices ?? choicesOf(flags)])
  )
  return [{ path, words, values }, ...children.flatMap(child => wordsOf(child, `${path} ${child.name()}`.trim()))]
}

/** The choices in the flags of an option, such as `--bv <on|off>`. */
function choicesOf(flags: string): string[] {
  const value = /[<[](.*)[>\]]$/.exec(flags)?.[1] ?? ''
  return value.includes('|') ? value.split('|') : []
}

/** For single quotes of a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** Finds the longest known path at the beginning of the line. */
const bash = (all: readonly Words[]): string => {
  const paths = all.filter(({ path }) => path !== '').map(({ path }) => quoted(path))
  const cases = all.map(
    ({ path, words }) => `    ${quoted(path)}) words=${quoted(words.map(({ word }) => word).join(' '))} ;;\n`
  )
  const values = new Map(all.flatMap(({ values: own }) => [...own]))
  const valueCases = [...values].map(
    ([option, choices]) =>
      `    ${option}) COMPREPLY=( $(compgen -W ${quoted(choices.join(' '))} -- "$current") ); return ;;\n`
  )
  return `_nws () {
  local words='' known='' try word current="\${COMP_WORDS[COMP_CWORD]}"
  case "\${COMP_WORDS[COMP_CWORD - 1]}" in
${valueCases.join('')}  esac
  for word in "\${COMP_WORDS[@]:1:$((COMP_CWORD - 1))}"; do
    case "$word" in -*) continue ;; esac
    try="\${known:+$known }$word"
    case "$try" in ${paths.join('|')}) known="$try" ;; *) break ;; esac
  done
  case "$known" in
${cases.join('')}  esac
  COMPREPLY=( $(compgen -W "$words" -- "$current") )
}
complete -o default -F _nws nws
`
}

/** zsh runs completions of bash. */
const zsh = (all: readonly Words[]): string =>
  `autoload -Uz compinit bashcompinit\n(( $+functions[compdef] )) || compinit\nbashcompinit\n${bash(all)}`

const fish = (all: readonly Words[]): string =>
  `${all
    .flatMap(({ path, words, values }) =>
      words.map(({ word, description }) => {
        const condition =
          path === ''
            ? '__fish_use_subcommand'
            : path
                .split(' ')
                .map(part => `__fish_seen_subcommand_from ${part}`)
                .join('; and ')
        const choices = values.get(word)
        const value = choices === undefined ? '' : choices.length === 0 ? ' -r' : ` -x -a ${quoted(choices.join(' '))}`
        const what = word.startsWith('--') ? `-l ${word.slice(2)}${value}` : `-f -a ${word}`
        return `complete -c nws -n ${quoted(condition)} ${what} -d ${quoted(description)}`
      })
    )
    .join('\n')}\n`

const scripts = { bash, zsh, fish }
