/* SPDX-License-Identifier: Apache-2.0 */
#include "common/utf8.h"
