// What chDB is started with. Its defaults are those of a server that owns the machine: caches of 5 GB, as much memory
// as there is. Ours shares two cores and a gigabyte with everybody else.

export type EngineMemory = { memoryBytesMax: number }

/** Arguments in the form of ClickHouse's command line. */
export function engineArguments(memory: EngineMemory): string[] {
  const megabyte = 1024 * 1024
  const values: Record<string, string | number> = {
    max_server_memory_usage: memory.memoryBytesMax,
    mark_cache_size: 32 * megabyte,
    primary_index_cache_size: 64 * megabyte,
    index_mark_cache_size: 16 * megabyte,
    uncompressed_cache_size: 0,
    index_uncompressed_cache_size: 0,
    mmap_cache_size: 16,
    background_pool_size: 2,
    background_merges_mutations_concurrency_ratio: 1,
    merges_mutations_memory_usage_soft_limit: 256 * megabyte,
    background_schedule_pool_size: 2,
    background_common_pool_size: 1,
    // Parts that merges have replaced are looked at after a start, a thousand of them: by one thread, since 32 of them
    // kept both cores from the first questions for half a second.
    max_outdated_parts_loading_thread_pool_size: 1,
  }
  return ['--', ...Object.entries(values).map(([name, value]) => `--${name}=${value}`)]
}
