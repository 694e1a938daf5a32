// The table of API routes, from the OpenAPI document that the proxy serves.
import { buildApp } from '../../src/app.ts'
import { cell, code, table } from './markdown.ts'

interface Operation {
  readonly summary?: string
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
}

/** The blocks of this file. */
export async function apiBlocks(): Promise<Record<string, string>> {
  const app = await buildApp({ discovery: 'off', bv: 'on', dataDir: ':memory:', meshHost: '127.0.0.1' })
  await app.ready()
  const { paths = {} } = app.swagger()
  await app.close()
  const rows = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations as Record<string, Operation>).map(([method, { summary = '', parameters = [] }]) => [
      code(`${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, '<$1>')}`),
      cell(summary),
      parameters
        .filter(parameter => parameter.in === 'query')
        .map(({ name }) => code(name))
        .join(', ') || '–'
    ])
  )
  return { 'api routes': table(['request', 'answer', 'query'], rows) }
}
