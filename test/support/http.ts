/**
 * The status of an answer, after its body was read: an answer that nobody reads keeps its connection open until the garbage
 * collector finds it, also if the server has ended.
 */
export async function statusOf(url: string | URL, init?: RequestInit): Promise<number> {
  const response = await fetch(url, init)
  await response.arrayBuffer()
  return response.status
}
