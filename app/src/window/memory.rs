//! Memory that a frame gives back is kept for the next one.
//!
//! The triangles of a large scene are megabytes, needed again in every frame. glibc gives so much back to the system, or
//! not, depending on what was freed before; and the system hands it out again page by page, each one cleared: with
//! 5,000 containers in view that took four times as long as all the rest of the frame.

/// Has memory kept that was freed at the end of the heap, up to 32 MiB. Of other C libraries nothing is asked.
#[allow(unsafe_code, reason = "mallopt(3) has no safe interface")]
pub fn keep_freed_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        /// The most that glibc takes as a threshold for giving out pages of their own.
        const KEPT_BYTES: libc::c_int = 32 << 20;
        // SAFETY: two plain numbers; a refusal leaves all as it was.
        unsafe {
            libc::mallopt(libc::M_MMAP_THRESHOLD, KEPT_BYTES);
            libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT_BYTES);
        }
    }
}
