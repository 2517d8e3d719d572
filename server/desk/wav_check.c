/* SPDX-License-Identifier: Apache-2.0 */
#include "server/desk/wav_check.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/proto.h"
#include "common/scope.h"

#define HEAD_BYTES 4096
#define RATE	   8000

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static bool format_ok(const uint8_t *p, uint32_t len)
{
	return len >= 16 && p[0] == 1 && !p[1] && p[2] == 1 && !p[3] &&
	       le32(p + 4) == RATE && p[14] == 16 && !p[15];
}

const char *wav_check(const char *path, int64_t *msp)
{
	uint8_t head[HEAD_BYTES];
	struct stat st;

	scoped_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return N_("There is no such file in the folder of prompts");
	if (fstat(fd, &st) || !S_ISREG(st.st_mode))
		return N_("There is no such file in the folder of prompts");
	ssize_t got = read(fd, head, sizeof(head));
	size_t n = got > 0 ? (size_t)got : 0;
	if (n < 12 || memcmp(head, "RIFF", 4) != 0 ||
	    memcmp(head + 8, "WAVE", 4) != 0)
		return N_("This is no WAV file");
	bool format = false;
	for (size_t at = 12; at + 8 <= n;) {
		uint32_t len = le32(head + at + 4);
		if (!memcmp(head + at, "data", 4))
			*msp = (int64_t)len * 1000 / (2 * RATE);
		if (!memcmp(head + at, "data", 4))
			return format && len
				       ? NULL
				       : N_("The file must be 8000 Hz, mono, "
					    "16 bit");
		if (!memcmp(head + at, "fmt ", 4)) {
			if (len > n - at - 8 || !format_ok(head + at + 8, len))
				return N_("The file must be 8000 Hz, mono, "
					  "16 bit");
			format = true;
		}
		if (len > n)
			break;
		at += 8 + len + (len & 1);
	}
	return N_("This is no WAV file");
}
