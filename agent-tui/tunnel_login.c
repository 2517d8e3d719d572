/* SPDX-License-Identifier: Apache-2.0 */
#include "agent-tui/tunnel_login.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/link.h"

#include "agent-tui/tunnel_fault.h"

#define KEYS 4

enum step {
	STEP_HOST,
	STEP_ASK_HOST,
	STEP_PLAIN, /* key files without a passphrase */
	STEP_AGENT,
	STEP_LOCKED,  /* would the server take a locked key? */
	STEP_UNLOCK,  /* the passphrase is being asked for */
	STEP_UNLOCKED /* try it */
};

struct key {
	char path[256];
	bool locked;
	ssh_key private;
	ssh_key public; /* of a locked one, where the .pub file is there */
};

struct tunnel_login {
	const struct tunnel_prm *prm;
	char known_hosts[256];
	struct key keys[KEYS];
	size_t n_keys;
	size_t at;
	enum step step;
	int host_answer; /* -1 none yet */
	bool answered, gave_up;
	unsigned wrong;
	bool tried; /* some key was offered */
};

static void destructor(void *arg)
{
	struct tunnel_login *l = arg;

	for (size_t i = 0; i < l->n_keys; i++) {
		ssh_key_free(l->keys[i].private);
		ssh_key_free(l->keys[i].public);
	}
}

/* libssh asks for a passphrase: then there is one. */
static int on_locked(const char *prompt, char *buf, size_t len, int echo,
		     int verify, void *arg)
{
	bool *locked = arg;

	(void)prompt, (void)buf, (void)len, (void)echo, (void)verify;
	*locked = true;
	return -1;
}

static void add_key(struct tunnel_login *l, const char *path)
{
	if (l->n_keys == KEYS || access(path, R_OK))
		return;
	struct key *k = &l->keys[l->n_keys];
	memset(k, 0, sizeof(*k));
	snprintf(k->path, sizeof(k->path), "%s", path);
	if (ssh_pki_import_privkey_file(path, NULL, on_locked, &k->locked,
					&k->private) == SSH_OK) {
		l->n_keys++;
		return;
	}
	if (!k->locked)
		return;
	char pub[264];
	snprintf(pub, sizeof(pub), "%s.pub", path);
	if (ssh_pki_import_pubkey_file(pub, &k->public) != SSH_OK)
		k->public = NULL;
	l->n_keys++;
}

static void add_usual_keys(struct tunnel_login *l)
{
	static const char *const names[] = {"id_ed25519", "id_ecdsa",
					    "id_rsa"};
	const char *config = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	char path[256];

	if (config && *config)
		snprintf(path, sizeof(path), "%s/zuoxi/id_ed25519", config);
	else
		snprintf(path, sizeof(path), "%s/.config/zuoxi/id_ed25519",
			 home ? home : "");
	add_key(l, path);
	for (size_t i = 0; home && i < 3; i++) {
		snprintf(path, sizeof(path), "%s/.ssh/%s", home, names[i]);
		add_key(l, path);
	}
}

int tunnel_login_alloc(struct tunnel_login **lp,
		       const struct tunnel_login_prm *prm)
{
	struct tunnel_login *l = mem_zalloc(sizeof(*l), destructor);
	if (!l)
		return ENOMEM;
	l->prm = prm->tunnel;
	l->host_answer = -1;
	snprintf(l->known_hosts, sizeof(l->known_hosts), "%s",
		 prm->known_hosts);
	if (prm->key_file)
		add_key(l, prm->key_file);
	else
		add_usual_keys(l);
	*lp = l;
	return 0;
}

void tunnel_login_reset(struct tunnel_login *l)
{
	l->step = STEP_HOST;
	l->host_answer = -1;
	l->at = 0;
	l->tried = false;
	l->answered = false;
}

/* ---- the host ---- */

static enum tunnel_login_step
fail(struct tunnel_fault *f, enum tunnel_fault_kind kind, const char *detail)
{
	tunnel_fault_set(f, kind, detail && *detail ? "%s" : NULL, detail);
	return LOGIN_FAILED;
}

/* Makes the folders of a path. */
static void make_parents(const char *path)
{
	char dir[256];

	snprintf(dir, sizeof(dir), "%s", path);
	for (char *p = dir + 1; (p = strchr(p, '/')); *p++ = '/') {
		*p = '\0';
		mkdir(dir, 0700);
	}
}

static enum tunnel_login_step
accept_host(struct tunnel_login *l, ssh_session s, struct tunnel_fault *f)
{
	make_parents(l->known_hosts);
	if (ssh_session_update_known_hosts(s) != SSH_OK)
		return fail(f, TUNNEL_FAULT_LOCAL, l->known_hosts);
	l->step = STEP_PLAIN;
	return LOGIN_DONE;
}

static enum tunnel_login_step ask_host(struct tunnel_login *l, ssh_session s)
{
	ssh_key key = NULL;
	unsigned char *hash = NULL;
	size_t len = 0;

	l->step = STEP_ASK_HOST;
	if (ssh_get_server_publickey(s, &key) == SSH_OK &&
	    ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash,
				   &len) == 0) {
		char *text = ssh_get_fingerprint_hash(
			SSH_PUBLICKEY_HASH_SHA256, hash, len);
		l->prm->hosth(l->prm->host,
			      ssh_key_type_to_char(ssh_key_type(key)),
			      text ? text : "", l->prm->arg);
		ssh_string_free_char(text);
	}
	ssh_clean_pubkey_hash(&hash);
	ssh_key_free(key);
	return LOGIN_ASK;
}

/* LOGIN_DONE: the host is ours, go on with the keys. */
static enum tunnel_login_step check_host(struct tunnel_login *l, ssh_session s,
					 struct tunnel_fault *f)
{
	if (l->step == STEP_ASK_HOST) {
		if (l->host_answer < 0)
			return LOGIN_ASK;
		return l->host_answer ? accept_host(l, s, f)
				      : fail(f, TUNNEL_FAULT_HOST_NEW, NULL);
	}
	switch (ssh_session_is_known_server(s)) {
	case SSH_KNOWN_HOSTS_OK:
		l->step = STEP_PLAIN;
		return LOGIN_DONE;
	case SSH_KNOWN_HOSTS_CHANGED:
	case SSH_KNOWN_HOSTS_OTHER:
		return fail(f, TUNNEL_FAULT_HOST_CHANGED, l->known_hosts);
	case SSH_KNOWN_HOSTS_NOT_FOUND:
	case SSH_KNOWN_HOSTS_UNKNOWN:
		if (l->prm->accept_new)
			return accept_host(l, s, f);
		if (!l->prm->hosth)
			return fail(f, TUNNEL_FAULT_HOST_NEW, NULL);
		return ask_host(l, s);
	case SSH_KNOWN_HOSTS_ERROR:
	default:
		return fail(f, TUNNEL_FAULT_LOCAL, l->known_hosts);
	}
}

void tunnel_login_host(struct tunnel_login *l, bool yes)
{
	l->host_answer = yes;
}

/* ---- the keys ---- */

static struct key *next_key(struct tunnel_login *l, bool locked)
{
	while (l->at < l->n_keys && l->keys[l->at].locked != locked)
		l->at++;
	return l->at < l->n_keys ? &l->keys[l->at] : NULL;
}

static int step_plain(struct tunnel_login *l, ssh_session s)
{
	struct key *k = next_key(l, false);

	if (!k) {
		l->step = STEP_AGENT;
		return SSH_AUTH_DENIED;
	}
	l->tried = true;
	int rc = ssh_userauth_publickey(s, NULL, k->private);
	if (rc == SSH_AUTH_DENIED || rc == SSH_AUTH_PARTIAL)
		l->at++;
	return rc;
}

/* libssh says "denied" for an agent that is not there. */
static bool agent_is_there(void)
{
	const char *path = getenv("SSH_AUTH_SOCK");
	int fd = -1;

	if (!path || !*path || link_connect(&fd, path))
		return false;
	close(fd);
	return true;
}

static int step_agent(struct tunnel_login *l, ssh_session s)
{
	int rc = SSH_AUTH_DENIED;

	if (l->prm->agent && agent_is_there()) {
		rc = ssh_userauth_agent(s, NULL);
		if (rc == SSH_AUTH_AGAIN)
			return rc;
		if (rc != SSH_AUTH_ERROR)
			l->tried = true;
	}
	l->step = STEP_LOCKED;
	l->at = 0;
	return rc;
}

static int step_locked(struct tunnel_login *l, ssh_session s)
{
	struct key *k = next_key(l, true);

	if (!k || !l->prm->passphraseh)
		return SSH_AUTH_ERROR;
	if (k->public) {
		int rc = ssh_userauth_try_publickey(s, NULL, k->public);
		if (rc == SSH_AUTH_AGAIN)
			return rc;
		l->tried = true;
		if (rc != SSH_AUTH_SUCCESS) {
			l->at++;
			return SSH_AUTH_DENIED;
		}
	}
	l->step = STEP_UNLOCK;
	l->answered = false;
	l->prm->passphraseh(k->path, l->wrong > 0, l->prm->arg);
	return SSH_AUTH_AGAIN;
}

/* Unlocked at once, so that it works with the line gone too (a server waits
 * half a minute for a login, a person may need longer). */
void tunnel_login_passphrase(struct tunnel_login *l, const char *text)
{
	if (l->step != STEP_UNLOCK)
		return;
	struct key *k = &l->keys[l->at];
	l->answered = true;
	l->gave_up = !text;
	if (text && ssh_pki_import_privkey_file(k->path, text, NULL, NULL,
						&k->private) == SSH_OK)
		k->locked = false;
}

static enum tunnel_login_step step_unlock(struct tunnel_login *l,
					  struct tunnel_fault *f)
{
	const struct key *k = &l->keys[l->at];

	if (!l->answered)
		return LOGIN_ASK;
	l->answered = false;
	if (l->gave_up)
		return fail(f, TUNNEL_FAULT_PASSPHRASE, k->path);
	if (!k->locked) {
		l->step = STEP_UNLOCKED;
		return LOGIN_DONE;
	}
	if (++l->wrong == 3) {
		l->wrong = 0;
		return fail(f, TUNNEL_FAULT_PASSPHRASE, k->path);
	}
	l->prm->passphraseh(k->path, true, l->prm->arg);
	return LOGIN_ASK;
}

static enum tunnel_login_step
no_key_left(struct tunnel_login *l, ssh_session s, struct tunnel_fault *f)
{
	if (!ssh_is_connected(s))
		return fail(f, TUNNEL_FAULT_LOST, ssh_get_error(s));
	if (!l->n_keys && !l->tried)
		return fail(f, TUNNEL_FAULT_NO_KEY, NULL);
	if (next_key(l, true) && !l->prm->passphraseh)
		return fail(f, TUNNEL_FAULT_PASSPHRASE, l->keys[l->at].path);
	return fail(f, TUNNEL_FAULT_KEY,
		    l->n_keys ? l->keys[0].path : "ssh-agent");
}

/* One step further; LOGIN_DONE here: call again. *in: logged in. */
static enum tunnel_login_step advance(struct tunnel_login *l, ssh_session s,
				      struct tunnel_fault *f, bool *in)
{
	int rc;

	switch (l->step) {
	case STEP_HOST:
	case STEP_ASK_HOST:
		return check_host(l, s, f);
	case STEP_PLAIN:
		rc = step_plain(l, s);
		*in = rc == SSH_AUTH_SUCCESS;
		if (rc == SSH_AUTH_ERROR)
			return fail(f, TUNNEL_FAULT_LOST, ssh_get_error(s));
		return rc == SSH_AUTH_AGAIN ? LOGIN_AGAIN : LOGIN_DONE;
	case STEP_AGENT:
		rc = step_agent(l, s);
		*in = rc == SSH_AUTH_SUCCESS;
		return rc == SSH_AUTH_AGAIN ? LOGIN_AGAIN : LOGIN_DONE;
	case STEP_LOCKED:
		rc = step_locked(l, s);
		if (rc == SSH_AUTH_ERROR)
			return no_key_left(l, s, f);
		if (rc == SSH_AUTH_AGAIN)
			return l->step == STEP_UNLOCK ? LOGIN_ASK
						      : LOGIN_AGAIN;
		return LOGIN_DONE;
	case STEP_UNLOCK:
		return step_unlock(l, f);
	case STEP_UNLOCKED:
	default:
		rc = ssh_userauth_publickey(s, NULL, l->keys[l->at].private);
		if (rc == SSH_AUTH_AGAIN)
			return LOGIN_AGAIN;
		if (rc == SSH_AUTH_ERROR)
			return fail(f, TUNNEL_FAULT_LOST, ssh_get_error(s));
		*in = rc == SSH_AUTH_SUCCESS;
		l->tried = true;
		l->step = STEP_LOCKED;
		l->at++;
		return LOGIN_DONE;
	}
}

enum tunnel_login_step tunnel_login_step(struct tunnel_login *l, ssh_session s,
					 struct tunnel_fault *fault)
{
	bool in = false;
	enum tunnel_login_step st;

	do {
		st = advance(l, s, fault, &in);
	} while (st == LOGIN_DONE && !in);
	return st;
}
