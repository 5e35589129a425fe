package ptx

import "strings"

// thread returns the coordinates of a lane's thread in its block.
func (w *warp) thread(lane int) [3]int {
	size := w.block.run.launch.Block
	t := 32*w.id + lane
	return [3]int{t % size[0], t / size[0] % size[1], t / size[0] / size[1]}
}

var axes = map[string]int{"x": 0, "y": 1, "z": 2}

// blockAxis says which coordinate of the block a special register holds.
func blockAxis(name string) (int, bool) {
	axis, ok := strings.CutPrefix(name, "%ctaid.")
	return axes[axis], ok
}

func knownSpecial(name string) bool {
	base, axis, _ := strings.Cut(name, ".")
	switch base {
	case "%tid", "%ntid", "%ctaid", "%nctaid":
		_, ok := axes[axis]
		return ok
	case "%laneid", "%lanemask_eq", "%lanemask_lt", "%lanemask_le", "%lanemask_gt", "%lanemask_ge":
		return axis == ""
	}
	return false
}

// special returns what a special register holds in a lane. That of the block changes with it.
func (w *warp) special(name string, lane int) uint32 {
	base, axis, _ := strings.Cut(name, ".")
	launch := w.block.run.launch
	switch base {
	case "%tid":
		return uint32(w.thread(lane)[axes[axis]])
	case "%ntid":
		return uint32(launch.Block[axes[axis]])
	case "%nctaid":
		return uint32(launch.Grid[axes[axis]])
	case "%laneid":
		return uint32(lane)
	case "%lanemask_eq":
		return 1 << lane
	case "%lanemask_lt":
		return 1<<lane - 1
	case "%lanemask_le":
		return 2<<lane - 1
	case "%lanemask_gt":
		return -(2 << lane)
	case "%lanemask_ge":
		return -(1 << lane)
	}
	return 0
}
