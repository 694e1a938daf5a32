// Prints the Debian packages whose programs tests need and this machine does not have.
import { missingPackages } from '../needs.ts'

process.stdout.write(missingPackages().join(' '))
