// Gather copies rows of a table.
#include "strided.cuh"

struct Gather {
	Operand dst, table;
	Rows ids;   // of one id each
	int *fault; // set if an id is not in the table
	Tiling tiling;
	int rows; // of the table
};

// registers: 40
extern "C" __global__ void __launch_bounds__(256) gather(const __grid_constant__ Gather p) {
	Place at = place(p.tiling);
	if (at.n == 0) return;
	int id = *p.ids.at<int>(at.row);
	if (id < 0 || id >= p.rows) {
		*p.fault = 1;
		return;
	}
	float v[eight];
	p.table.get(v, p.table.rows.row(id) + at.col, at.n);
	p.dst.put(v, p.dst.index(at), at.n);
}
