// The editor: CodeMirror with its binding for Yjs. It lives in a shadow tree, because CodeMirror adds style elements to a
// document, which the policy of this page forbids. In a shadow tree it makes style sheets by script.
import { EditorState, EditorView, keymap, placeholder, yCollab, yUndoManagerKeymap } from '../../lib/codemirror.js'
import { withColours } from './people.js'

const THEME = EditorView.theme({
  '&': { height: '100%', color: 'var(--text)', background: 'var(--surface)' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'inherit', lineHeight: '1.6' },
  '.cm-content': { padding: '1.2rem 0', caretColor: 'var(--text)' },
  '.cm-line': { padding: '0 1rem' },
  '.cm-placeholder': { color: 'var(--quiet)' },
  // A finger cannot hover.
  '.cm-ySelectionInfo': {
    opacity: '1',
    padding: '0 0.3rem',
    fontFamily: 'inherit',
    color: 'light-dark(#fff, #111318)',
    borderRadius: '0.2rem'
  }
})

/**
 * @param {ShadowRoot} tree
 * @param {import('../../lib/networkwebsockets-yjs.js').Text} text
 * @param {import('../../lib/networkwebsockets-yjs.js').Awareness} awareness
 */
export function openEditor(tree, text, awareness) {
  const extensions = [
    EditorView.lineWrapping,
    EditorView.contentAttributes.of({ 'aria-label': 'Notes' }),
    placeholder('Write something'),
    keymap.of(yUndoManagerKeymap),
    yCollab(text, withColours(awareness)),
    THEME
  ]
  const state = EditorState.create({ doc: text.toJSON(), extensions })
  return new EditorView({ state, parent: tree, root: tree })
}
