// The yardstick for fan-out: `ws` alone, one buffer for all receivers, sent to each in a loop. No rooms, no limits.
import { WebSocketServer } from 'ws'

const server = new WebSocketServer({ host: '127.0.0.1', port: Number(process.env.PORT ?? 0), perMessageDeflate: false })
server.on('connection', socket => {
  socket.on('message', (data, isBinary) => {
    for (const client of server.clients) if (client !== socket) client.send(data, { binary: isBinary })
  })
})
server.on('listening', () => process.send?.({ port: server.address().port }))
