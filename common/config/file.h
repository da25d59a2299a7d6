/*
 * The file of settings: lines `name = value`.
 */
#ifndef EVENTLOOP_CONFIG_FILE_H
#define EVENTLOOP_CONFIG_FILE_H

struct config_pass;

/* Reads the file's lines; faults are noted in *pass. */
void config_read_file(struct config_pass *pass, const char *path);

#endif
