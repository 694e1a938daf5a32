// The picture and sound of this page: from camera and microphone, or a drawn picture if the browser gives neither. So
// everybody can try the page.

/** @type {Record<string, string>} */
const REASONS = {
  NotAllowedError: 'The camera is not allowed on this page.',
  NotFoundError: 'There is no camera.',
  NotReadableError: 'The camera is busy.'
}

/** @returns {Promise<{ stream: MediaStream, problem: string, stop: () => void }>} */
export async function ownStream() {
  let reason =
    'Browsers allow the camera only on https pages, and on http://localhost of the computer that runs the proxy.'
  for (const wanted of [{ video: { width: 640 }, audio: true }, { video: { width: 640 } }]) {
    try {
      const stream = await navigator.mediaDevices.getUserMedia(wanted)
      return {
        stream,
        problem: '',
        stop: () => {
          for (const track of stream.getTracks()) track.stop()
        }
      }
    } catch (error) {
      reason = REASONS[/** @type {Error} */ (error).name] ?? reason
    }
  }
  return { ...drawnStream(), problem: `${reason} The others see a drawn picture.` }
}

function drawnStream() {
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 })
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'))
  const hue = Math.floor(Math.random() * 360)
  let frame = 0
  const timer = setInterval(() => {
    frame++
    context.fillStyle = `hsl(${hue} 45% 30%)`
    context.fillRect(0, 0, 640, 480)
    context.fillStyle = `hsl(${hue} 75% 70%)`
    context.beginPath()
    context.arc(320 + 120 * Math.cos(frame / 12), 240 + 90 * Math.sin(frame / 9), 60, 0, 2 * Math.PI)
    context.fill()
  }, 66)
  const stream = canvas.captureStream()
  return {
    stream,
    stop() {
      clearInterval(timer)
      for (const track of stream.getTracks()) track.stop()
    }
  }
}
