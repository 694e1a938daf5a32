// Finds the elements of a page.

/**
 * The element of an id. It is of this class, or the page is at fault.
 *
 * @template {HTMLElement} Type
 * @param {string} id
 * @param {new () => Type} Class
 */
export function element(id, Class) {
  const found = document.getElementById(id)
  if (!(found instanceof Class)) throw new TypeError(`This page has no ${Class.name} with the id "${id}".`)
  return found
}
