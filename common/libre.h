/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libre and jansson both name JSON_STRING and JSON_NULL. We parse with
 * jansson alone, so libre's own take another name: include this, never
 * <re.h>.
 */
#pragma once

#define JSON_STRING RE_JSON_STRING
#define JSON_INT    RE_JSON_INT
#define JSON_DOUBLE RE_JSON_DOUBLE
#define JSON_BOOL   RE_JSON_BOOL
#define JSON_NULL   RE_JSON_NULL
#include <re.h>
#undef JSON_STRING
#undef JSON_INT
#undef JSON_DOUBLE
#undef JSON_BOOL
#undef JSON_NULL
