#ifndef BASE_SIPHASH_H
#define BASE_SIPHASH_H
/*
 * SipHash-1-3 (Aumasson, Bernstein): a hash with a secret key, so that nobody
 * outside can choose inputs that collide, nor tell the hash of another input.
 */
#include <stdint.h>

#include "base/slice.h"

uint64_t siphash(const uint64_t key[2], struct slice s);

#endif
