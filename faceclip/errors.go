package faceclip

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrClosed is the error of calls after Close.
var ErrClosed = errors.New("faceclip: pipeline is closed")

// A RequestError says what is wrong with a request: all that its caller can mend.
type RequestError struct {
	Field string // of Request, such as Width, Guidance.Scale or Photos[1]; empty: the request as a whole
	Err   error  // what is wrong with it; of a photo it may be an error of package face
}

func (e *RequestError) Error() string {
	name := "Request"
	if e.Field != "" {
		name += "." + e.Field
	}
	return fmt.Sprintf("faceclip: %s: %v", name, e.Err)
}

// Unwrap returns Err.
func (e *RequestError) Unwrap() error { return e.Err }

// wrong returns a RequestError.
func wrong(field, format string, args ...any) error {
	return &RequestError{Field: field, Err: fmt.Errorf(format, args...)}
}

// maxMessage bounds messages, in bytes: names in files and texts of requests, which they quote, can have any length.
const maxMessage = 4 << 10

// A shortened error shows the beginning of a message that is too long.
type shortened struct{ error }

func (e shortened) Error() string {
	return strings.ToValidUTF8(e.error.Error()[:maxMessage], "") + "…"
}

// Unwrap returns the error as it was.
func (e shortened) Unwrap() error { return e.error }

// wrap puts the package's name in front of an error that lacks it, and the cause behind one that says that ctx has ended. It
// shortens long messages.
func wrap(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, ctx.Err()) && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	message := err.Error()
	if !strings.HasPrefix(message, "faceclip: ") {
		err = fmt.Errorf("faceclip: %w", err)
	}
	if len(message) > maxMessage {
		return shortened{err}
	}
	return err
}
