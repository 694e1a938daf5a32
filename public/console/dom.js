// Small helpers for the elements of the page. They set text as text, never as markup.

const SVG = 'http://www.w3.org/2000/svg'

/** @typedef {string | number | Node | null | undefined} Child */

/** The element of an id. The page has it. @param {string} id */
export const byId = id => /** @type {HTMLElement} */ (document.getElementById(id))

/** The first element that a selector finds. The page has one. @param {ParentNode} parent @param {string} selector */
export const find = (parent, selector) => /** @type {HTMLElement} */ (parent.querySelector(selector))

/**
 * Makes an element.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, unknown>} [properties] properties of the element; names with a dash are attributes
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes('-') || name === 'role' || name === 'for') element.setAttribute(name, String(value))
    else Object.assign(element, { [name]: value })
  }
  append(element, children)
  return element
}

/**
 * Makes an element of a drawing.
 *
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[Tag]}
 */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
  append(element, children)
  return element
}

/** @param {Element} parent @param {Child[]} children */
function append(parent, children) {
  for (const child of children)
    if (child !== null && child !== undefined) parent.append(child instanceof Node ? child : String(child))
}

/** A copy of a template's content: its one element. @param {string} id */
export function fromTemplate(id) {
  const template = /** @type {HTMLTemplateElement} */ (byId(id))
  return /** @type {HTMLElement} */ (/** @type {Element} */ (template.content.firstElementChild).cloneNode(true))
}

/** Sets the text of an element if it is different, so that nothing is drawn or read out again. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/**
 * Makes a list show the data: one element for each item, kept as long as its key stays.
 *
 * @template Item
 * @param {Element} list
 * @param {readonly Item[]} items
 * @param {(item: Item) => string} keyOf
 * @param {(item: Item) => HTMLElement} create
 * @param {(element: HTMLElement, item: Item) => void} [update]
 */
export function keep(list, items, keyOf, create, update = () => {}) {
  const old = new Map(
    Array.from(/** @type {HTMLCollectionOf<HTMLElement>} */ (list.children), element => [
      element.dataset['key'] ?? '',
      element
    ])
  )
  let place = list.firstElementChild
  for (const item of items) {
    const key = keyOf(item)
    const known = old.get(key)
    const element = known ?? create(item)
    old.delete(key)
    if (known === undefined) element.dataset['key'] = key
    update(element, item)
    if (element === place) place = place.nextElementSibling
    else list.insertBefore(element, place)
  }
  for (const element of old.values()) element.remove()
}

/**
 * Moves through the buttons of a group by the arrow keys, Home and End. The group is one stop of the Tab key.
 *
 * @param {HTMLElement} group
 * @param {string} selector of its buttons
 */
export function roving(group, selector) {
  const buttons = () => Array.from(group.querySelectorAll(selector)).filter(button => button instanceof HTMLElement)
  const renew = () => {
    const all = buttons()
    const current =
      all.find(button => button.ariaSelected === 'true') ?? all.find(button => button.tabIndex === 0) ?? all[0]
    for (const button of all) button.tabIndex = button === current ? 0 : -1
  }
  group.addEventListener('focusin', ({ target }) => {
    if (!(target instanceof HTMLElement) || !target.matches(selector)) return
    for (const button of buttons()) button.tabIndex = button === target ? 0 : -1
  })
  group.addEventListener('keydown', event => {
    const all = buttons()
    const at = all.indexOf(/** @type {HTMLElement} */ (event.target))
    const steps = /** @type {Record<string, number>} */ ({
      ArrowRight: at + 1,
      ArrowDown: at + 1,
      ArrowLeft: at - 1,
      ArrowUp: at - 1,
      Home: 0,
      End: all.length - 1
    })
    const next = steps[event.key]
    if (at < 0 || next === undefined) return
    event.preventDefault()
    all[(next + all.length) % all.length]?.focus()
  })
  new MutationObserver(renew).observe(group, { childList: true, subtree: true, attributeFilter: ['aria-selected'] })
  renew()
}

/** Copies text and says so on the button for a moment. @param {HTMLElement} button @param {string} text */
export async function copyFrom(button, text) {
  const label = (button.dataset['label'] ??= button.textContent ?? '')
  try {
    await navigator.clipboard.writeText(text)
    button.textContent = 'Copied'
  } catch {
    button.textContent = 'Not allowed here'
  }
  button.addEventListener(
    'blur',
    () => {
      button.textContent = label
    },
    { once: true }
  )
  setTimeout(() => {
    button.textContent = label
  }, 2000)
}
