// Package cli is what the examples share: flags, a progress bar, and files of pictures.
package cli

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Main runs an example. An interrupt, or a request to terminate, ends its context, a second one the program. An error goes to
// stderr in one line, with exit status 1.
func Main(run func(ctx context.Context, args []string) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // what waits for a pipe heeds no context
	err := run(ctx, os.Args[1:])
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, context.Canceled):
		fail("interrupted")
	case err != nil:
		fail(err.Error())
	}
}

func fail(message string) {
	fmt.Fprintln(os.Stderr, strings.Join(strings.Fields(message), " "))
	os.Exit(1)
}
