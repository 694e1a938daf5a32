// The client library as a classic script for pages of guests.
import '../global.ts'
import { setUpGuest } from './setup.ts'

setUpGuest()
