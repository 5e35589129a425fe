package cli

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/cwriter"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/faceclip-go/faceclip-go/faceclip"
)

// showProgress makes r draw a bar on stderr, if that is a terminal. The function returned ends the bar.
func showProgress(r *faceclip.Request) (end func()) { return onTerminal(r, drawSteps) }

// onTerminal lets draw make a bar of the progress of a call on stderr, if that is a terminal.
func onTerminal[T any](call *T, draw func(*T, *mpb.Progress) (end func())) (end func()) {
	if !cwriter.IsTerminal(int(os.Stderr.Fd())) {
		return func() {}
	}
	return draw(call, mpb.New(mpb.WithOutput(os.Stderr), mpb.WithWidth(48)))
}

func drawSteps(r *faceclip.Request, bars *mpb.Progress) (end func()) {
	var last atomic.Pointer[report] // the bar is drawn by a goroutine of its own
	last.Store(&report{at: time.Now()})
	bar := bars.AddBar(0, // the steps are known with the first report
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return last.Load().stage() })),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return last.Load().remaining() })),
	)
	r.Progress = func(p faceclip.Progress) {
		last.Store(&report{p, time.Now()})
		bar.SetCurrent(int64(p.Step))
		bar.SetTotal(int64(p.Steps), p.Stage == faceclip.Done)
	}
	return func() { stop(bars, bar) }
}

// stop ends a bar where it is.
func stop(bars *mpb.Progress, bar *mpb.Bar) {
	bar.Abort(false) // which a bar that is complete does not heed
	bars.Wait()
}

// A report is progress and when it was made.
type report struct {
	faceclip.Progress
	at time.Time
}

func (r *report) stage() string { return fmt.Sprintf("%-9v %d/%d ", r.Stage, r.Step, r.Steps) }

// remaining counts down between the steps.
func (r *report) remaining() string {
	switch {
	case r.Stage == faceclip.Done:
		return fmt.Sprintf(" %v", r.Elapsed.Round(time.Second/10))
	case r.Remaining == 0:
		return ""
	}
	return fmt.Sprintf(" %v left", max(0, r.Remaining-time.Since(r.at)).Round(time.Second))
}

// ShowBytes makes o draw a bar on stderr, if that is a terminal. The function returned ends the bar.
func ShowBytes(o *faceclip.ConvertOptions) (end func()) { return onTerminal(o, drawBytes) }

func drawBytes(o *faceclip.ConvertOptions, bars *mpb.Progress) (end func()) {
	bar := bars.AddBar(0,
		mpb.PrependDecorators(decor.CountersKibiByte("% .1f / % .1f ")),
		mpb.AppendDecorators(decor.Percentage()),
	)
	o.Progress = func(done, total int64) {
		bar.SetCurrent(done)
		bar.SetTotal(total, done == total)
	}
	return func() { stop(bars, bar) }
}
