/* SPDX-License-Identifier: Apache-2.0 */
#include "agent-tui/tunnel_fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/proto.h"

static const struct {
	const char *what, *todo;
	bool final;
} texts[] = {
	[TUNNEL_FAULT_NONE] = {"", "", false},
	[TUNNEL_FAULT_NAME] = {N_("The server's name is not known"),
			       N_("Check the name after --server and the "
				  "network; it tries again by itself"),
			       false},
	[TUNNEL_FAULT_UNREACHED] =
		{N_("The server does not answer"),
		 N_("Check address and port after --server and the network; "
		    "it tries again by itself"),
		 false},
	[TUNNEL_FAULT_PROTOCOL] =
		{N_("What answers there speaks no SSH that we understand"),
		 N_("Check the port after --server (sshd's, not the "
		    "telephone's)"),
		 false},
	[TUNNEL_FAULT_HOST_NEW] =
		{N_("The server's host key was not accepted"),
		 N_("Ask the administrator for the fingerprint, compare, and "
		    "connect again"),
		 true},
	[TUNNEL_FAULT_HOST_CHANGED] =
		{N_("The server shows another host key than before; somebody "
		    "may be listening in"),
		 N_("Do not go on. Ask the administrator; if the key was "
		    "really changed, remove the old line with ssh-keygen -R "
		    "from the known_hosts file named here"),
		 true},
	[TUNNEL_FAULT_NO_KEY] =
		{N_("There is no SSH key on this computer"),
		 N_("Make one with ssh-keygen -t ed25519 and give the file "
		    "that ends in .pub to the administrator"),
		 true},
	[TUNNEL_FAULT_PASSPHRASE] = {N_("The key file stayed locked"),
				     N_("Connect again and type the "
					"passphrase of the key"),
				     true},
	[TUNNEL_FAULT_KEY] =
		{N_("The server does not accept your key"),
		 N_("Ask the administrator to run: zuoxictl key add YOU KEY, "
		    "with the line from your file that ends in .pub; check "
		    "the account after --user too"),
		 true},
	[TUNNEL_FAULT_SERVICE] =
		{N_("Logged in, but the server does not start zuoxi-gate"),
		 N_("Ask the administrator to check zuoxi-gate and the key's "
		    "line on the server; check the account after --user"),
		 true},
	[TUNNEL_FAULT_GATE] = {N_("The server turned you away"),
			       N_("Ask the administrator what it means"),
			       true},
	[TUNNEL_FAULT_ENDED] = {N_("The server ended the session"),
				N_("It connects again by itself"), false},
	[TUNNEL_FAULT_LOST] = {N_("The line to the server broke"),
			       N_("It connects again by itself"), false},
	[TUNNEL_FAULT_SILENT] = {N_("The server has fallen silent"),
				 N_("It connects again by itself"), false},
	[TUNNEL_FAULT_LOCAL] = {N_("This computer cannot go on"),
				N_("See what is said behind it"), false},
};

void tunnel_fault_set(struct tunnel_fault *f, enum tunnel_fault_kind kind,
		      const char *fmt, ...)
{
	memset(f, 0, sizeof(*f));
	f->kind = kind;
	f->what = texts[kind].what;
	f->todo = texts[kind].todo;
	f->final = texts[kind].final;
	if (!fmt)
		return;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(f->detail, sizeof(f->detail), fmt, ap);
	va_end(ap);
	/* a server's words end in a newline */
	size_t n = strlen(f->detail);
	while (n && (f->detail[n - 1] == '\n' || f->detail[n - 1] == '\r'))
		f->detail[--n] = '\0';
}
