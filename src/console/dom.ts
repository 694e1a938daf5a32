// Small helpers for the elements of the page. They set text as text, never as markup.

const SVG = 'http://www.w3.org/2000/svg'

export type Child = string | number | Node | null | undefined

/** The element of an id. The page has it. */
export const byId = (id: string) => document.getElementById(id) as HTMLElement

/** The first element that a selector finds. The page has one. */
export const find = (parent: ParentNode, selector: string) => parent.querySelector(selector) as HTMLElement

/** Makes an element. @param properties properties of the element; names with a dash are attributes */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  properties: Record<string, unknown> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (name.includes('-') || name === 'role' || name === 'for') element.setAttribute(name, String(value))
    else Object.assign(element, { [name]: value })
  }
  append(element, children)
  return element
}

/** Makes an element of a drawing. */
export function draw<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Record<string, string | number> = {},
  ...children: Child[]
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value))
  append(element, children)
  return element
}

function append(parent: Element, children: Child[]) {
  for (const child of children)
    if (child !== null && child !== undefined) parent.append(child instanceof Node ? child : String(child))
}

/** A copy of a template's content: its one element. */
export function fromTemplate(id: string) {
  const template = byId(id) as HTMLTemplateElement
  return (template.content.firstElementChild as Element).cloneNode(true) as HTMLElement
}

/** Sets the text of an element if it is different, so that nothing is drawn or read out again. */
export function setText(element: Element, text: string) {
  if (element.textContent !== text) element.textContent = text
}

/** Makes a list show the data: one element for each item, kept as long as its key stays. */
export function keep<Item>(
  list: Element,
  items: readonly Item[],
  keyOf: (item: Item) => string,
  create: (item: Item) => HTMLElement,
  update: (element: HTMLElement, item: Item) => void = () => {}
) {
  const old = new Map(
    Array.from(list.children as HTMLCollectionOf<HTMLElement>, element => [element.dataset['key'] ?? '', element])
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
 * @param selector of its buttons
 */
export function roving(group: HTMLElement, selector: string) {
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
    const at = all.indexOf(event.target as HTMLElement)
    const steps = {
      ArrowRight: at + 1,
      ArrowDown: at + 1,
      ArrowLeft: at - 1,
      ArrowUp: at - 1,
      Home: 0,
      End: all.length - 1
    } as Record<string, number>
    const next = steps[event.key]
    if (at < 0 || next === undefined) return
    event.preventDefault()
    all[(next + all.length) % all.length]?.focus()
  })
  new MutationObserver(renew).observe(group, { childList: true, subtree: true, attributeFilter: ['aria-selected'] })
  renew()
}

/** Copies text and says so on the button for a moment. */
export async function copyFrom(button: HTMLElement, text: string) {
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
