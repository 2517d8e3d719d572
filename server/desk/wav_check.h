/* SPDX-License-Identifier: Apache-2.0 */
/* Can the switch play this file? WAV, 8000 Hz, one channel, 16 bits. */
#pragma once

#include <stdint.h>

/* NULL: yes, and how long it is; else why not, a msgid. Reads the head of the
 * file. */
const char *wav_check(const char *path, int64_t *msp);
