#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H
/* cmocka.h needs these four first; clang-format must not sort them. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#endif
