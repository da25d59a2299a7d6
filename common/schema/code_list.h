/*
 * Codes from public lists: currencies, countries, languages, time zones.
 *
 * Purpose: the formats currency, country, language-tag and time-zone of API files. Invariants: the lists come from the
 * packages iso-codes and tzdata when the daemons are built (cmake/code_lists.py); nobody writes them by hand, and a new
 * code comes with the package and a build. Case-sensitive: one code has one spelling. Pure, any thread.
 */
#ifndef EVENTLOOP_SCHEMA_CODE_LIST_H
#define EVENTLOOP_SCHEMA_CODE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* ISO 4217, "NOK": currencies with minor units; not metals, units of account such as XDR, and the codes for tests and
 * for no currency. */
bool code_is_currency(const char *text, size_t length);

/* How many digits of the currency's amounts stand after the point: the minor units of ISO 4217. A code that is none has
 * 2. By hand, for iso-codes does not say it. */
int code_currency_digits(const char *text);

/* ISO 3166-1 alpha-2, "NO". */
bool code_is_country(const char *text, size_t length);

/* Language, script and region of BCP 47 (RFC 5646 section 2.1), spelled as its section 2.1.1 recommends: "nb",
 * "nb-NO", "zh-Hant-TW". The language is of ISO 639 (two letters where it has a code of two), the script of ISO 15924,
 * the region a country. Other subtags are not taken. */
bool code_is_language_tag(const char *text, size_t length);

/* A zone or link of the IANA database, "Europe/Oslo"; not its "Factory". */
bool code_is_time_zone(const char *text, size_t length);

#endif
