//go:build unix

package cli

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestPipe checks that a pipe in a photo's place is an error rather than an endless wait.
func TestPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "photo.jpg")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	failed := make(chan error, 1)
	go func() {
		_, err := ReadImage(t.Context(), pipe)
		failed <- err
	}()
	select {
	case err := <-failed:
		if err == nil || err.Error() != pipe+": not a regular file" {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("waits")
	}
}

// TestInterrupts checks that a second interrupt, or request to terminate, ends what does not heed the first, in a process of its
// own.
func TestInterrupts(t *testing.T) {
	if os.Getenv("CLI_TEST_INTERRUPTS") != "" {
		Main(func(ctx context.Context, _ []string) error {
			fmt.Println("running")
			<-ctx.Done()
			time.Sleep(100 * time.Millisecond)
			fmt.Println("stuck")
			time.Sleep(20 * time.Second)
			return nil
		})
		return
	}
	for name, sent := range map[string]os.Signal{"interrupt": os.Interrupt, "terminated": unix.SIGTERM} {
		if heeded, err := signalled(t, sent); !heeded || err == nil || !strings.Contains(err.Error(), "signal: "+name) {
			t.Errorf("%s: context ended %v, %v", name, heeded, err)
		}
	}
}

// signalled runs TestInterrupts in a process, which gets the signal twice. It returns whether the first one ended the context,
// and how the process ends.
func signalled(t *testing.T, sent os.Signal) (heeded bool, err error) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestInterrupts$", "-test.v")
	cmd.Env = append(os.Environ(), "CLI_TEST_INTERRUPTS=1")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if line := lines.Text(); line == "running" || line == "stuck" {
			heeded = line == "stuck"
			cmd.Process.Signal(sent)
		}
	}
	return heeded, cmd.Wait()
}
