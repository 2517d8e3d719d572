/* SPDX-License-Identifier: Apache-2.0 */
/* Can the switch play this file? WAV, 8000 Hz, one channel, 16 bits. */
#pragma once

/* NULL: yes; else why not, a msgid. Reads the head of the file. */
const char *wav_check(const char *path);
