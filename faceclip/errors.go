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

// wrap puts the package's name in front of an error that lacks it, and the cause behind one that says that ctx has ended.
func wrap(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil && errors.Is(err, ctx.Err()) && !errors.Is(err, cause) {
		err = fmt.Errorf("%w: %w", err, cause)
	}
	if strings.HasPrefix(err.Error(), "faceclip: ") {
		return err
	}
	return fmt.Errorf("faceclip: %w", err)
}
