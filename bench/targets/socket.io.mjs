// Socket.IO with its WebSocket transport only: a broadcast to all but the sender.
import { createServer } from 'node:http'
import { Server } from 'socket.io'

const server = createServer()
const io = new Server(server, { transports: ['websocket'], perMessageDeflate: false })
io.on('connection', socket => {
  socket.on('m', data => {
    socket.broadcast.emit('m', data)
  })
})
server.listen(Number(process.env.PORT), '127.0.0.1')
