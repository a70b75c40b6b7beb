// Variables that the engine's process must be started with, because they are read before any of its code runs.

export const engineEnvironment: Record<string, string> = {
  // The allocator: two arenas, and what is free goes back to the system within half a second. Measured while loading:
  // 500 MB instead of 700.
  JE_MALLOC_CONF: 'narenas:2,dirty_decay_ms:500,muzzy_decay_ms:0',
  // Node's threads: one for each connection of the engine (each of which can be busy for long), and some for files.
  UV_THREADPOOL_SIZE: '8',
}
