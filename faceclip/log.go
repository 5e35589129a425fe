package faceclip

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"
)

// logger returns where events go: nowhere, unless the options say so.
func logger(o *Options) *slog.Logger {
	if o.Log == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Log
}

func (p *Pipeline) logOpened(ctx context.Context, took time.Duration) {
	i := p.info
	var weights []string
	for _, c := range p.folder.Parts {
		weights = append(weights, c.Path)
	}
	p.log.LogAttrs(ctx, slog.LevelInfo, "opened", slog.String("system", i.System), slog.Any("weights", weights), slog.String("fingerprint", i.Fingerprint),
		slog.String("device", i.Device), slog.String("kernels", i.Kernels), slog.String("compute", i.Compute.String()),
		slog.Int64("memory", i.Memory), slog.Int64("deviceMemory", i.DeviceMemory), slog.Int64("held", i.Held), slog.Duration("took", took))
	for _, c := range p.folder.Parts {
		p.log.LogAttrs(ctx, slog.LevelDebug, "component", slog.String("name", c.Name), slog.String("path", c.Path), slog.Int("tensors", c.Tensors),
			slog.Int64("bytes", c.Bytes), slog.String("types", strings.Trim(fmt.Sprint(c.DTypes), "[]")), slog.Int64("mapped", c.Mapped), slog.Int64("private", c.Private))
	}
}

// logPlan logs a drawing that begins.
func (p *Pipeline) logPlan(ctx context.Context, j *job, plan Plan) {
	p.log.LogAttrs(ctx, slog.LevelInfo, "drawing", slog.Int("width", j.Width), slog.Int("height", j.Height), slog.Int("steps", j.Steps),
		slog.String("sampler", j.Sampler), slog.Bool("guided", j.guided()), slog.Int("faces", len(j.faces)), slog.Bool("apart", j.apart),
		slog.Int64("private", plan.Private), slog.Int64("device", plan.Device), slog.Int64("mapped", plan.Mapped), slog.Int64("flops", plan.FLOPs))
}

// logStage logs a stage that has ended. Encode has one, too.
func (p *Pipeline) logStage(ctx context.Context, s StagePlan, took time.Duration) {
	p.log.LogAttrs(ctx, slog.LevelInfo, "stage", slog.Any("stage", s.Stage), slog.Duration("took", took),
		slog.Int64("private", s.Private), slog.Int64("device", s.Device), slog.Int64("resident", s.Resident), slog.Int64("streamed", s.Streamed))
}

// logEnd logs a drawing that has ended, one way or the other.
func (p *Pipeline) logEnd(ctx context.Context, took time.Duration, err error) {
	p.log.LogAttrs(ctx, slog.LevelInfo, "drawn", slog.Duration("took", took), slog.Bool("complete", err == nil))
}
