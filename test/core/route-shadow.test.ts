// Which routes of an extension would hide a channel.
import t from 'tap'
import { shadowsChannel } from '../../src/core/route-shadow.ts'

t.test('routes of GET with one segment hide a channel', async t => {
  for (const [method, path, hides] of [
    ['GET', '/bot', true],
    ['get', '/bot', true],
    ['HEAD', '/bot', true],
    [['POST', 'GET'], '/bot', true],
    ['GET', '/:name', true],
    ['GET', '/bot-:id', true],
    ['GET', '/:file(^\\d+).png', true],
    ['GET', '/bot*', true],
    ['GET', '/bot/', true],
    ['GET', '//bot', true],
    ['GET', '/bot/:id?', true],
    ['GET', '/:id?', true],
    ['GET', '/', false],
    ['GET', '/*', false],
    ['GET', '*', false],
    ['GET', '/x/bot', false],
    ['GET', '/x/:id', false],
    ['GET', '/x/y/:id?', false],
    ['GET', '/x/*', false],
    ['POST', '/bot', false],
    [['PUT', 'DELETE'], '/bot', false]
  ] as const)
    t.equal(shadowsChannel(method, path), hides, `${String(method)} ${path}`)
})
