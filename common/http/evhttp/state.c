/* What the modules of the evhttp engine need of a peer: being attended to later, and having counted what it holds. */
#include "http/evhttp/state.h"

enum { HELD_FROM = 16 * 1024 }; /* bytes that are not worth counting */

void peer_attend_later(struct evhttp_peer *peer)
{
	if (peer->queued)
		return;
	peer->queued = true;
	TAILQ_INSERT_TAIL(&peer->engine->todo, peer, waiting);
	event_active(peer->engine->adopting, EV_TIMEOUT, 0);
}

void peer_refuse_later(struct evhttp_peer *peer, int status)
{
	if (peer->status == 0)
		peer->status = status;
	peer_attend_later(peer);
}

void peer_hold(struct evhttp_peer *peer, size_t bytes)
{
	http_peers_hold(peer->engine->server, &peer->seat, &peer->held, bytes < HELD_FROM ? 0 : bytes);
}
