/* The preload library, inside deckhand. PRELOAD_FILE is given by the build. */
	.section .rodata
	.global preload_image
	.global preload_image_end
	.balign 16
preload_image:
	.incbin PRELOAD_FILE
preload_image_end:
	.byte 0
	.section .note.GNU-stack,"",%progbits
