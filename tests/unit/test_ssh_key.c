/* SPDX-License-Identifier: Apache-2.0 */
/* Keys that people paste: which get in, and what the others are told. */
#include "server/desk/ssh_key.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "server/desk/valid.h"

#define ED                                                       \
	"AAAAC3NzaC1lZDI1NTE5AAAAIB2bbDVY8UuJRdJPNRfyexNHn1jUWz" \
	"JLlGh+O4EcoX3T"

static void test_good(void **state)
{
	struct ssh_key key;
	const char *why;

	assert_int_equal(
		ssh_key_parse(&key, "ssh-ed25519 " ED " wang@desk 3\n", &why),
		0);
	assert_string_equal(key.type, "ssh-ed25519");
	assert_string_equal(key.blob, ED);
	assert_string_equal(key.comment, "wang@desk 3");
	/* SHA256:, 43 characters, no padding */
	assert_int_equal(strlen(key.fingerprint), 50);
	assert_memory_equal(key.fingerprint, "SHA256:", 7);
	assert_int_equal(ssh_key_parse(&key, "ssh-ed25519 " ED, &why), 0);
	assert_string_equal(key.comment, "");
}

static void test_bad(void **state)
{
	static const struct {
		const char *text, *why;
	} t[] = {
		{"", "no SSH public key"},
		{"ssh-ed25519", "no SSH public key"},
		{"ssh-dss AAAAB3NzaC1kc3MAAACB", "ed25519"},
		{"ssh-ed25519 AAAA", "damaged"},
		{"ssh-ed25519 " ED "AAAA", "damaged"},
		{"ssh-ed25519 not*base64", "damaged"},
		/* the blob says ed25519 */
		{"ssh-rsa " ED, "damaged"},
		/* options are ours to write */
		{"command=\"sh\" ssh-ed25519 " ED, "ed25519"},
		{"ssh-ed25519 " ED " a\nssh-ed25519 " ED " b",
		 "One key at a time"},
		{"-----BEGIN OPENSSH PRIVATE KEY-----", "private key"},
		/* rsa with e=3 and a modulus of 16 bits */
		{"ssh-rsa AAAAB3NzaC1yc2EAAAABAwAAAAL//w==", "3072"},
	};
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct ssh_key key;
		const char *why = NULL;
		int err = ssh_key_parse(&key, t[i].text, &why);
		if (err != EBADMSG || !strstr(why, t[i].why))
			fail_msg("%s: %d %s", t[i].text, err, why ? why : "");
	}
}

static void test_comment_is_one_line(void **state)
{
	struct ssh_key key;
	const char *why;
	assert_int_equal(
		ssh_key_parse(&key, "ssh-ed25519 " ED " a\x1b[2Jb", &why), 0);
	assert_string_equal(key.comment, "a [2Jb");
}

static void test_valid(void **state)
{
	assert_true(valid_person("A017"));
	assert_false(valid_person("017"));
	assert_false(valid_person(""));
	assert_false(valid_person("A0 17"));
	assert_false(valid_person("A017\""));
	assert_false(valid_person("A2345678901234567"));
	assert_true(valid_id("si.pension-1_x"));
	assert_false(valid_id(".."));
	assert_false(valid_id("a/b"));
	assert_true(valid_name("王莹", 60));
	assert_false(valid_name(" 王莹", 60));
	assert_false(valid_name("a\nb", 60));
	assert_false(valid_name("a\xE2\x80\xAE"
				"b",
				60));
	assert_false(valid_name("", 60));
	assert_true(valid_number("+8602988001001"));
	assert_false(valid_number("8800 1001"));
	assert_true(valid_host("sip.example.cn"));
	assert_false(valid_host("a b"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_comment_is_one_line),
		cmocka_unit_test(test_valid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
