/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which threads somebody waits for. A citizen waits for the loops and the
 * voice threads, nobody for what writes to disks: on a machine whose cores
 * are all wanted the first are not to stand behind the others. The kernel is
 * asked, not forced: what it does not know or does not allow changes nothing.
 */
#pragma once

/* This thread does a little often, and at once: a short slice, with which it
 * goes before those that take long ones (Linux 6.12 and later). */
void haste_first(void);
/* This one takes no core from a thread that runs. */
void haste_last(void);
