/* SPDX-License-Identifier: Apache-2.0 */
#include "server/core/store.h"

const char store_people_schema[] = "";
