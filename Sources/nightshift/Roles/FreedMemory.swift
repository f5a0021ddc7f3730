internal import CMimalloc

/// What the process does with memory that it has freed.
///
/// Problem: mimalloc keeps freed pages for a while, since most processes want them again at once. A coordinator looks at
/// every lane, plans, and then waits for seconds: what a look and a plan of 50,000 lanes had needed stayed with it, a
/// third of its memory.
/// Choice: a role that works in rounds gives freed pages back at once.
/// How it fails: each round takes its pages from the system anew, some ten milliseconds of a plan of 50,000 lanes
/// (`bench coordinator`, with and without). Not for workers, whose allocations are many and small.
/// Source: mimalloc 2.0, options `decommit_delay` and `page_reset`.
enum FreedMemory {
    /// From now on; once, early in the process.
    static func givesBackAtOnce() {
        mi_option_set(mi_option_decommit_delay, 0)
        mi_option_enable(mi_option_page_reset)
    }
}
