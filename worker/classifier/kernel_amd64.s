#include "textflag.h"

// One value of each of two pixels, spread over a register, times 16 weights.
#define PAIR(first, second, a, b, c, d) \
	VBROADCASTSS first, Y14; \
	VBROADCASTSS second, Y15; \
	VFMADD231PS  Y12, Y14, a; \
	VFMADD231PS  Y13, Y14, b; \
	VFMADD231PS  Y12, Y15, c; \
	VFMADD231PS  Y13, Y15, d

// Keep 16 sums between Y12 and Y13 and store them.
#define STORE(a, b, to) \
	VMAXPS  Y12, a, a; \
	VMAXPS  Y12, b, b; \
	VMINPS  Y13, a, a; \
	VMINPS  Y13, b, b; \
	VMOVUPS a, (to); \
	VMOVUPS b, 32(to)

// func multiplyTiles(args *tileArgs)
//
// Y0 to Y11 hold the sums: two registers for each of the six pixels.
TEXT ·multiplyTiles(SB), NOSPLIT, $0-8
	MOVQ args+0(FP), DI
	MOVQ 0(DI), SI          // in
	MOVQ 8(DI), R8          // inStep
	MOVQ 40(DI), DX         // out
	MOVQ 48(DI), R9         // outStep
	MOVQ 56(DI), R10        // residual
	MOVQ 64(DI), R11        // tiles
	LEAQ (R8)(R8*2), R12    // three steps of in

tile:
	MOVQ    16(DI), BX      // panel
	MOVQ    24(DI), CX      // depth
	MOVQ    32(DI), AX      // bias
	VMOVUPS (AX), Y0
	VMOVUPS 32(AX), Y1
	VMOVAPS Y0, Y2
	VMOVAPS Y1, Y3
	VMOVAPS Y0, Y4
	VMOVAPS Y1, Y5
	VMOVAPS Y0, Y6
	VMOVAPS Y1, Y7
	VMOVAPS Y0, Y8
	VMOVAPS Y1, Y9
	VMOVAPS Y0, Y10
	VMOVAPS Y1, Y11
	MOVQ    SI, AX          // pixels 0, 1, 2
	LEAQ    (SI)(R12*1), R13 // pixels 3, 4, 5

depth:
	VMOVUPS (BX), Y12
	VMOVUPS 32(BX), Y13
	PAIR((AX), (AX)(R8*1), Y0, Y1, Y2, Y3)
	PAIR((AX)(R8*2), (R13), Y4, Y5, Y6, Y7)
	PAIR((R13)(R8*1), (R13)(R8*2), Y8, Y9, Y10, Y11)
	ADDQ    $4, AX
	ADDQ    $4, R13
	ADDQ    $64, BX
	DECQ    CX
	JNZ     depth

	VBROADCASTSS 72(DI), Y12 // lo
	VBROADCASTSS 76(DI), Y13 // hi
	TESTQ   R10, R10
	JZ      store
	MOVQ    R10, AX
	VADDPS  (AX), Y0, Y0
	VADDPS  32(AX), Y1, Y1
	ADDQ    R9, AX
	VADDPS  (AX), Y2, Y2
	VADDPS  32(AX), Y3, Y3
	ADDQ    R9, AX
	VADDPS  (AX), Y4, Y4
	VADDPS  32(AX), Y5, Y5
	ADDQ    R9, AX
	VADDPS  (AX), Y6, Y6
	VADDPS  32(AX), Y7, Y7
	ADDQ    R9, AX
	VADDPS  (AX), Y8, Y8
	VADDPS  32(AX), Y9, Y9
	ADDQ    R9, AX
	VADDPS  (AX), Y10, Y10
	VADDPS  32(AX), Y11, Y11
	ADDQ    R9, AX
	MOVQ    AX, R10

store:
	STORE(Y0, Y1, DX)
	ADDQ R9, DX
	STORE(Y2, Y3, DX)
	ADDQ R9, DX
	STORE(Y4, Y5, DX)
	ADDQ R9, DX
	STORE(Y6, Y7, DX)
	ADDQ R9, DX
	STORE(Y8, Y9, DX)
	ADDQ R9, DX
	STORE(Y10, Y11, DX)
	ADDQ R9, DX
	LEAQ (SI)(R12*2), SI
	DECQ R11
	JNZ  tile

	VZEROUPPER
	RET

// Keep eight sums in 0…hi, store them and go to the next pixel.
#define EMIT \
	VMAXPS  Y10, Y12, Y12; \
	VMINPS  Y11, Y12, Y12; \
	VMOVUPS Y12, (R11); \
	ADDQ    CX, R11

// func convolveRow(args *rowArgs)
//
// Y0 to Y8 hold the weights of eight channels for a whole row.
TEXT ·convolveRow(SB), NOSPLIT, $0-8
	MOVQ args+0(FP), DI
	MOVQ 24(DI), BX         // weights
	MOVQ 48(DI), CX         // pixel
	MOVQ 56(DI), DX         // step
	MOVQ 80(DI), R12        // groups
	XORQ SI, SI             // bytes to the present group
	VXORPS Y10, Y10, Y10
	VBROADCASTSS 88(DI), Y11 // hi

group:
	LEAQ    (BX)(SI*1), AX
	VMOVUPS (AX), Y0
	VMOVUPS (AX)(CX*1), Y1
	VMOVUPS (AX)(CX*2), Y2
	LEAQ    (AX)(CX*2), AX
	VMOVUPS (AX)(CX*1), Y3
	VMOVUPS (AX)(CX*2), Y4
	LEAQ    (AX)(CX*2), AX
	VMOVUPS (AX)(CX*1), Y5
	VMOVUPS (AX)(CX*2), Y6
	LEAQ    (AX)(CX*2), AX
	VMOVUPS (AX)(CX*1), Y7
	VMOVUPS (AX)(CX*2), Y8
	MOVQ    32(DI), AX      // bias
	VMOVUPS (AX)(SI*1), Y9
	MOVQ    0(DI), R8       // top
	ADDQ    SI, R8
	MOVQ    8(DI), R9       // middle
	ADDQ    SI, R9
	MOVQ    16(DI), R10     // bottom
	ADDQ    SI, R10
	MOVQ    40(DI), R11     // out
	ADDQ    SI, R11

	CMPQ    72(DI), $0      // left
	JEQ     inside
	VMOVAPS Y9, Y12
	VFMADD231PS (R8), Y1, Y12
	VFMADD231PS (R8)(CX*1), Y2, Y12
	VFMADD231PS (R9), Y4, Y12
	VFMADD231PS (R9)(CX*1), Y5, Y12
	VFMADD231PS (R10), Y7, Y12
	VFMADD231PS (R10)(CX*1), Y8, Y12
	EMIT

inside:
	MOVQ    64(DI), R13     // inner
	TESTQ   R13, R13
	JZ      right

pixel:
	VMOVAPS Y9, Y12
	VFMADD231PS (R8), Y0, Y12
	VFMADD231PS (R8)(CX*1), Y1, Y12
	VFMADD231PS (R8)(CX*2), Y2, Y12
	VFMADD231PS (R9), Y3, Y12
	VFMADD231PS (R9)(CX*1), Y4, Y12
	VFMADD231PS (R9)(CX*2), Y5, Y12
	VFMADD231PS (R10), Y6, Y12
	VFMADD231PS (R10)(CX*1), Y7, Y12
	VFMADD231PS (R10)(CX*2), Y8, Y12
	EMIT
	ADDQ    DX, R8
	ADDQ    DX, R9
	ADDQ    DX, R10
	DECQ    R13
	JNZ     pixel

right:
	VMOVAPS Y9, Y12
	VFMADD231PS (R8), Y0, Y12
	VFMADD231PS (R8)(CX*1), Y1, Y12
	VFMADD231PS (R9), Y3, Y12
	VFMADD231PS (R9)(CX*1), Y4, Y12
	VFMADD231PS (R10), Y6, Y12
	VFMADD231PS (R10)(CX*1), Y7, Y12
	EMIT

	ADDQ    $32, SI
	DECQ    R12
	JNZ     group

	VZEROUPPER
	RET
