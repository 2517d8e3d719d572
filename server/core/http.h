/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Health for load balancers and monitors, on a loopback port: GET /healthz
 * (200 while writes work, else 503 with the reason) and GET /metrics
 * (Prometheus text, made from what `status` says).
 */
#pragma once

#include <stdint.h>

struct http;
struct rpc;
struct session_hub;

/* port 0: any free one, see http_port. */
int http_alloc(struct http **hp, uint16_t port, struct rpc *rpc,
	       const struct session_hub *hub);
uint16_t http_port(const struct http *http);
