/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Test cases in a table, expectations that go on after a failure. */
#ifndef KQ_EXPECT_H
#define KQ_EXPECT_H

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct test_case {
	const char *name;
	void (*run)(void);
};

/* clang-format off */
#define CASE(function) { #function, function }
/* clang-format on */

static unsigned int expect_failures;

#define EXPECT(condition) \
	do { \
		if (!(condition)) { \
			expect_failures++; \
			fprintf(stderr, "%s:%d: %s: not so: %s\n", __FILE__, \
				__LINE__, __func__, #condition); \
		} \
	} while (0)

#define EXPECT_EQ(a, b) \
	do { \
		unsigned long long expect_a = (unsigned long long)(a); \
		unsigned long long expect_b = (unsigned long long)(b); \
		if (expect_a != expect_b) { \
			expect_failures++; \
			fprintf(stderr, \
				"%s:%d: %s: %s is %#llx, %s is %#llx\n", \
				__FILE__, __LINE__, __func__, #a, expect_a, \
				#b, expect_b); \
		} \
	} while (0)

/* Run all cases, or those whose name contains the first argument. */
static inline int run_cases(const struct test_case *cases, size_t count,
			    int argc, char **argv)
{
	for (size_t i = 0; i < count; i++) {
		unsigned int before = expect_failures;

		if (argc > 1 && !strstr(cases[i].name, argv[1]))
			continue;
		cases[i].run();
		printf("%s %s\n", expect_failures == before ? "ok" : "FAILED",
		       cases[i].name);
	}
	return expect_failures ? 1 : 0;
}

#define TEST_MAIN(cases) \
	int main(int argc, char **argv) \
	{ \
		return run_cases(cases, sizeof(cases) / sizeof(*(cases)), \
				 argc, argv); \
	}

#endif
