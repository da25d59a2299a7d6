#include "daemon/daemon.h"
#include "route.h"
#include "start.h"
#include "status.h"

extern const struct embedded_file gateway_api[];

static const struct rpc_handler handlers[] = {
    {"gateway.status", gateway_status},
    {NULL, NULL},
};

static const struct config_option options[] = {
    {.name = "images_url",
     .type = CONFIG_TEXT,
     .fallback = "http://127.0.0.1:7004",
     .max = 500,
     .help = "of images' HTTP: pictures pass through"},
    {.name = "max_image",
     .type = CONFIG_SIZE,
     .fallback = "20MiB",
     .min = 1024,
     .max = 1 << 30,
     .help = "of an upload"},
    {.name = "cors_origins",
     .type = CONFIG_TEXT,
     .fallback = "",
     .max = 4000,
     .help = "origins whose pages may call: https://a.example,https://b.example; * for all"},
    {.name = "trusted_proxies",
     .type = CONFIG_TEXT,
     .fallback = "",
     .max = 4000,
     .help = "networks whose X-Forwarded-For is believed: 10.0.0.0/8,2001:db8::/32; empty: nobody's"},
    {.name = NULL},
};

int main(int argc, char **argv)
{
	static const struct daemon_spec spec = {
	    .name = "gateway",
	    .port = 8080,
	    .api = gateway_api,
	    .handlers = handlers,
	    .options = options,
	    .direct_http = true,
	    .start = gateway_start,
	    .stop = gateway_stop,
	    .rpc_endpoint = route_handle,
	};
	return daemon_main(argc, argv, &spec);
}
