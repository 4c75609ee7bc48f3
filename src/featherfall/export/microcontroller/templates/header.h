/* @NAME@, a student of featherfall. Generated: do not edit, export it again.
 *
 * @USE@
 *
 *   float p = @CALL@;
 *   if (p >= FF_THRESHOLD) alarm();
 *
 * C99, no heap; of the library sqrtf, memcpy and memset; @RAM@ bytes of RAM beside the stack. Compile it with -ffp-contract=off: only then
 * are the bits those that were proven. int must have 32 bits. One stream, one thread.
 */
#ifndef FEATHERFALL_H
#define FEATHERFALL_H

#ifdef __cplusplus
extern "C" {
#endif

@RATE@#define FF_LENGTH @LENGTH@ /* samples in a window */
#define FF_CHANNELS @CHANNELS@ /* numbers in a sample */
#define FF_CLASSES @CLASSES@
#define FF_LABELS {@LABELS@}
#define FF_POSITIVE @POSITIVE@ /* the class whose probability is returned; -1: that of the most probable one */
#define FF_THRESHOLD @THRESHOLD@
@PUSH@/* Return FF_CLASSES probabilities of the last window. */
const float *ff_probabilities(void);

@RESET@/* Judge one window of FF_LENGTH samples by itself; forgets all samples of a stream. */
@CLASSIFY@;

#ifdef __cplusplus
}
#endif
#endif
