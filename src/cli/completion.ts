// `nws completion <shell>`: a script that completes commands and options, made from the commands themselves. Names of
// channels are not completed: they are secrets.
import { Argument, Command } from 'commander'
import { write } from './output.ts'

type Shell = 'bash' | 'zsh' | 'fish'

/** The command. @param root gives the program, which does not exist yet when this is made */
export function completionCommand(root: () => Command): Command {
  return new Command('completion')
    .description('print the completion script of a shell')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      '\nbash: eval "$(nws completion bash)"   zsh: eval "$(nws completion zsh)"   fish: nws completion fish | source'
    )
    .action(async (shell: Shell) => {
      await write(scripts[shell](wordsOf(root())))
    })
}

/** What may stand behind a command. */
interface Words {
  /** The words of the command, such as `file send`; empty for `nws` itself. */
  readonly path: string
  readonly words: readonly { readonly word: string; readonly description: string }[]
}

function wordsOf(command: Command, path = ''): Words[] {
  const children = command.commands.filter(child => child.name() !== 'help')
  const words = [
    ...children.map(child => ({ word: child.name(), description: child.description() })),
    ...command.options.flatMap(({ long, description }) => ((long ?? '') === '' ? [] : [{ word: long!, description }])),
    { word: '--help', description: 'how it is used' }
  ]
  return [{ path, words }, ...children.flatMap(child => wordsOf(child, `${path} ${child.name()}`.trim()))]
}

/** For single quotes of a shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** The longest known path at the beginning of what is typed. */
const PATHS = (all: readonly Words[]): string =>
  all
    .map(({ path, words }) => `    ${quoted(path)}) words=${quoted(words.map(({ word }) => word).join(' '))} ;;`)
    .join('\n')

const bash = (all: readonly Words[]): string => `_nws () {
  local words='' path='' try word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) continue ;; esac
    try="\${path:+$path }$word"
    case "$try" in ${all
      .filter(({ path }) => path !== '')
      .map(({ path }) => quoted(path))
      .join('|')}) path="$try" ;; *) break ;; esac
  done
  case "$path" in
${PATHS(all)}
  esac
  COMPREPLY=( $(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}") )
}
complete -o default -F _nws nws
`

const zsh = (all: readonly Words[]): string => `#compdef nws
_nws () {
  local words='' try path_='' word
  for word in "\${(@)words_typed}"; do
    case "$word" in -*) continue ;; esac
    try="\${path_:+$path_ }$word"
    case "$try" in ${all
      .filter(({ path }) => path !== '')
      .map(({ path }) => quoted(path))
      .join('|')}) path_="$try" ;; *) break ;; esac
  done
  case "$path_" in
${PATHS(all)}
  esac
  compadd -- \${=words}
  _files
}
_nws_entry () {
  local -a words_typed
  words_typed=("\${(@)words[2,CURRENT-1]}")
  _nws
}
compdef _nws_entry nws
`

const fish = (all: readonly Words[]): string =>
  `${all
    .flatMap(({ path, words }) =>
      words.map(({ word, description }) => {
        const condition =
          path === ''
            ? '__fish_use_subcommand'
            : path
                .split(' ')
                .map(part => `__fish_seen_subcommand_from ${part}`)
                .join('; and ')
        const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`
        return `complete -c nws -n ${quoted(condition)} ${what} -d ${quoted(description)}`
      })
    )
    .join('\n')}\n`

const scripts: Record<Shell, (all: readonly Words[]) => string> = { bash, zsh, fish }
