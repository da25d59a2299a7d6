#include "daemon/fact_key_check.h"

#include "daemon/data_check.h"

const struct data_check fact_key_check = {
    .name = "fact_key",
    .help = "facts whose key is an id in capitals: they may be told out of order with those of the same id",
    .sql = "SELECT seq, topic, key FROM (SELECT seq, topic, key FROM outbox "
	   "UNION SELECT seq, topic, key FROM outbox_retry "
	   "UNION SELECT seq, topic, key FROM outbox_dead_letter) fact WHERE key ~ '[A-F]' AND "
	   "key ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' ORDER BY seq",
};
