// Tables of errors and close codes, from the catalogues.
import { clientErrors } from '../../src/client/errors.ts'
import { fileErrors } from '../../src/client/files/errors.ts'
import { guestErrors } from '../../src/client/guest/errors.ts'
import { catalogue, type ErrorDefinition } from '../../src/core/errors.ts'
import { cliErrors } from '../../src/cli/errors.ts'
import { remedies } from '../../src/platform/doctor/finding.ts'
import { cell, code, table } from './markdown.ts'

const all = Object.entries<ErrorDefinition>(catalogue)
const isOfRendezvous = ([name]: readonly [string, unknown]): boolean => name.startsWith('NWS_ERR_BV_')

function errorTable(errors: readonly (readonly [string, ErrorDefinition])[]): string {
  return table(
    ['code', 'HTTP status', 'close code', 'meaning'],
    errors.map(([name, { status, close, message }]) => [
      code(name),
      String(status),
      String(close ?? '–'),
      cell(message)
    ])
  )
}

/** The blocks of this file. */
export function errorBlocks(): Record<string, string> {
  return {
    errors: errorTable(all.filter(error => !isOfRendezvous(error))),
    'errors of the rendezvous': errorTable(all.filter(isOfRendezvous)),
    'close codes': table(
      ['code', 'reason', 'meaning'],
      all
        .filter(error => error[1].close !== undefined && !isOfRendezvous(error))
        .toSorted(([, one], [, other]) => one.close! - other.close!)
        .map(([name, { close, message }]) => [String(close), code(name), cell(message)])
    ),
    'client errors': table(
      ['code', 'meaning'],
      Object.entries({ ...clientErrors, ...guestErrors }).map(([name, message]) => [code(name), cell(message)])
    ),
    'file errors': table(
      ['code', 'meaning'],
      Object.entries(fileErrors).map(([name, message]) => [code(name), cell(message)])
    ),
    'cli errors': table(
      ['code', 'exit code', 'meaning'],
      Object.entries(cliErrors).map(([name, { exit, message }]) => [code(name), String(exit), cell(message)])
    ),
    'doctor findings': table(
      ['finding', 'what to do'],
      Object.entries(remedies).map(([name, remedy]) => [code(name), cell(remedy)])
    )
  }
}
