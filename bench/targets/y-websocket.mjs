// The server of y-websocket on a free port, which it prints.
import { createServer } from 'node:http'
import { setupWSConnection } from '@y/websocket-server/utils'
import { WebSocketServer } from 'ws'

const http = createServer()
new WebSocketServer({ server: http }).on('connection', (socket, request) => setupWSConnection(socket, request))
http.listen(0, '127.0.0.1', () => {
  process.stdout.write(`http://localhost:${http.address().port}\n`)
})
