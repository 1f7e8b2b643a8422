#pragma once
// How a process that reads files of strangers keeps from doing anything else. Internal to formats.

namespace poise {

/// This process, for the rest of its life: 1 GiB of memory beyond what it has mapped, 30 seconds of processor time
/// within a minute, no file written, no core dump; on Linux no system calls but those that read files, take memory,
/// write to open descriptors and end it, where the kernel can filter them. Others fail with EPERM.
void confine_process();

}  // namespace poise
