// The client library as a module for pages of guests. The listener for guests serves it in place of the ordinary one.
import { setUpGuest } from './setup.ts'
import { setScriptUrl } from '../endpoint.ts'

export * from '../index.ts'

setScriptUrl(import.meta.url)
setUpGuest()
