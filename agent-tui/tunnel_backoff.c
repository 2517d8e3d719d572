/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a tunnel waits before it tries again. At random, because after a
 * restart of the server all workstations of a site come at once, and sshd
 * turns some away then (MaxStartups).
 */
#include "agent-tui/tunnel.h"

int64_t tunnel_backoff_ms(unsigned tries, uint32_t roll)
{
	int64_t low = 200;
	int64_t high = 2000;

	for (unsigned i = 0; i < tries && high < 10000; i++) {
		low *= 2;
		high *= 2;
	}
	if (low > 3000)
		low = 3000;
	if (high > 10000)
		high = 10000;
	return low + (int64_t)(roll % (uint32_t)(high - low + 1));
}
