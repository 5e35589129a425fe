// A driver that writes down how it is called. Its functions have the types of NVIDIA's documentation, so that a value that arrives
// in the wrong place, or cut, shows.
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int result;
typedef int device;
typedef struct { int number; } *context;
typedef struct opaque *handle;
typedef unsigned long long pointer;

#define SUCCESS 0
#define INVALID_VALUE 1
#define OUT_OF_MEMORY 2

static __thread context current;
static size_t pinned;

static result say(int in_context, const char *format, ...) {
	FILE *f = fopen(LOG, "a");
	if (in_context) fprintf(f, "in context %d: ", current ? current->number : -1);
	va_list args;
	va_start(args, format);
	vfprintf(f, format, args);
	va_end(args);
	fputc('\n', f);
	fclose(f);
	return SUCCESS;
}

static handle made(int n) { return (handle)(uintptr_t)n; }
static int number(handle h) { return (int)(uintptr_t)h; }

result cuInit(unsigned flags) {
#ifdef REFUSE
	return REFUSE;
#endif
	return flags;
}
result cuDriverGetVersion(int *version) { *version = 12040; return SUCCESS; }
result cuGetErrorName(result code, const char **name) {
	*name = code == 100 ? "CUDA_ERROR_NO_DEVICE" : code == 2 ? "CUDA_ERROR_OUT_OF_MEMORY" : NULL;
	return *name ? SUCCESS : INVALID_VALUE;
}
result cuDeviceGetCount(int *n) { *n = 3; return SUCCESS; }
result cuDeviceGet(device *d, int ordinal) { *d = ordinal; return SUCCESS; }
result cuDeviceGetName(char *name, int length, device d) {
	snprintf(name, length, "device %d", d);
	return say(0, "cuDeviceGetName %d device=%d", length, d);
}
result cuDeviceGetAttribute(int *value, int attribute, device d) {
	*value = 132;
	return say(0, "cuDeviceGetAttribute %d device=%d", attribute, d);
}
result cuDevicePrimaryCtxRetain(context *c, device d) {
	*c = calloc(1, sizeof **c);
	(*c)->number = d;
	return SUCCESS;
}
result cuDevicePrimaryCtxRelease_v2(device d) { return say(0, "cuDevicePrimaryCtxRelease device=%d", d); }
result cuCtxSetCurrent(context c) { current = c; return SUCCESS; }

result cuMemGetInfo_v2(size_t *available, size_t *total) {
	*available = 5LL << 33;
	*total = 7LL << 33;
	return say(1, "cuMemGetInfo");
}
result cuMemAlloc_v2(pointer *p, size_t bytes) {
	if (bytes >> 40) return OUT_OF_MEMORY;
	*p = 0x7f0000000000;
	return say(1, "cuMemAlloc %zu", bytes);
}
result cuMemFree_v2(pointer p) { return say(1, "cuMemFree 0x%llx", p); }
result cuMemHostAlloc(void **p, size_t bytes, unsigned flags) {
	*p = malloc(bytes);
	if (!pinned) pinned = bytes;
	return say(1, "cuMemHostAlloc %zu %u", bytes, flags);
}
result cuMemFreeHost(void *p) {
	free(p);
	return say(1, "cuMemFreeHost of %zu bytes", pinned);
}

result cuModuleLoadDataEx(handle *m, const void *image, unsigned n, int *options, void **values) {
	*m = made(16);
	size_t size = 0;
	for (unsigned i = 0; i < n; i++) {
		if (options[i] == 5) strcpy(values[i], "no error");
		if (options[i] == 6) size = (size_t)values[i];
	}
	return say(1, "cuModuleLoadDataEx %s %u options, log of %zu", (const char *)image, n, size);
}
result cuModuleGetFunction(handle *f, handle m, const char *name) {
	*f = made(32);
	return say(1, "cuModuleGetFunction %d %s", number(m), name);
}
result cuFuncSetAttribute(handle f, int attribute, int value) {
	return say(1, "cuFuncSetAttribute %d %d %d", number(f), attribute, value);
}

result cuStreamCreate(handle *s, unsigned flags) { *s = made(48); return say(1, "cuStreamCreate %u", flags); }
result cuStreamDestroy_v2(handle s) { return say(1, "cuStreamDestroy %d", number(s)); }
result cuStreamSynchronize(handle s) { return say(1, "cuStreamSynchronize %d", number(s)); }
result cuStreamWaitEvent(handle s, handle e, unsigned flags) {
	return say(1, "cuStreamWaitEvent stream=%d event=%d %u", number(s), number(e), flags);
}
result cuEventCreate(handle *e, unsigned flags) { *e = made(64); return say(1, "cuEventCreate %u", flags); }
result cuEventDestroy_v2(handle e) { return say(1, "cuEventDestroy %d", number(e)); }
result cuEventRecord(handle e, handle s) { return say(1, "cuEventRecord event=%d stream=%d", number(e), number(s)); }
result cuEventSynchronize(handle e) { return say(1, "cuEventSynchronize %d", number(e)); }

result cuMemcpyHtoDAsync_v2(pointer dst, const void *src, size_t bytes, handle s) {
	return say(1, "cuMemcpyHtoDAsync 0x%llx '%.*s' stream=%d", dst, (int)bytes, (const char *)src, number(s));
}
result cuMemcpyDtoHAsync_v2(void *dst, pointer src, size_t bytes, handle s) {
	memset(dst, '*', bytes);
	return say(1, "cuMemcpyDtoHAsync %zu bytes 0x%llx stream=%d", bytes, src, number(s));
}
result cuMemsetD8Async(pointer dst, unsigned char value, size_t bytes, handle s) {
	return say(1, "cuMemsetD8Async 0x%llx %u %zu stream=%d", dst, value, bytes, number(s));
}

#ifndef OLD
result cuLaunchKernel(handle f, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
	handle s, void **parameters, void **extra) {
	const int *arguments = NULL;
	size_t bytes = 0;
	for (void **x = extra; !parameters && *x != (void *)0; x += 2) {
		if (x[0] == (void *)1) arguments = x[1];
		if (x[0] == (void *)2) bytes = *(size_t *)x[1];
	}
	return say(1, "cuLaunchKernel %d grid=%u,%u,%u block=%u,%u,%u shared=%u stream=%d arguments of %zu bytes: %d %d", number(f), gx, gy, gz,
		bx, by, bz, shared, number(s), bytes, arguments[0], arguments[1]);
}
#endif
