/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SSH public keys as people paste them ("ssh-ed25519 AAAA... comment", RFC
 * 4253 6.6): which kinds we let in, whether the blob is what its name says,
 * and the fingerprint that ssh-keygen -l shows.
 */
#pragma once

#define SSH_KEY_TYPE	    48
#define SSH_KEY_BLOB	    1600
#define SSH_KEY_COMMENT	    80
#define SSH_KEY_FINGERPRINT 56

struct ssh_key {
	char type[SSH_KEY_TYPE];
	char blob[SSH_KEY_BLOB]; /* base64 */
	char comment[SSH_KEY_COMMENT];
	char fingerprint[SSH_KEY_FINGERPRINT]; /* "SHA256:..." */
};

/* 0, or EBADMSG with *why a msgid. Keys with options in front are refused:
 * the options are ours to write. */
int ssh_key_parse(struct ssh_key *key, const char *text, const char **why);
